"""Make the assurance pack, a report in two versions: for the Accountability Board and the public.

The pack uses published marts only.
"""
