"""What tables and columns mean: types, units, meaning, privacy class, keys and rules of everything that comes in or goes out.

Belongs here: frozen dataclasses that describe. Does not belong here: reading, writing, SQL, or any import of our other packages.
"""
