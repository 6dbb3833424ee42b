"""What starts and arranges runs: definitions, jobs, schedules, sensors, settings, the simulated shop and the command line.

Belongs here: wiring. Does not belong here: transformations (sql, models) or the reading and writing of tables (assets).
"""
