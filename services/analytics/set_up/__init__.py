"""What a new store has to do until its first reward, and the check that its parts are connected: each step is read from
what is there or was seen, none is ever ticked off.
"""
