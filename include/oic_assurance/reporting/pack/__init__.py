"""Make the assurance pack, the report for the Accountability Board.

The pack uses only published marts.
"""
