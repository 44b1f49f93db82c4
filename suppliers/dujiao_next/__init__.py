"""dujiao-next: the Open API of an open-source card shop; another shop of it, or of this program, is the supplier.

Source: ``docs/api/integration-open-api.md`` of dujiao-next/document (2026-04) and the published server code, read in
2026-11.
"""
