"""The web server: probes, metrics, what gateways call back, and the pages that channels bring along."""
