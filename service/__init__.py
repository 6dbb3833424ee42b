"""The web over published versions: charts, static pages and the segment API.

Belongs here: what reads `<home>/published`. Does not belong here: the warehouse, training, anything that writes published data.
"""
