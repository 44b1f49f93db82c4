"""Stand-ins for suppliers, one folder each, over one ledger, one set of faults and one control interface."""
