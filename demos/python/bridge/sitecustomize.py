"""Python imports this before a program, in each process of the run.

It lets procession_bridge watch, then hands over to the sitecustomize that would
have been imported without it, if there is one.
"""
import sys

_here = __file__.rpartition("/")[0]
import procession_bridge

procession_bridge.begin()
sys.path[:] = [p for p in sys.path if p != _here]
del sys.modules["sitecustomize"]
try:
    import sitecustomize
except ImportError:
    sys.modules["sitecustomize"] = procession_bridge
