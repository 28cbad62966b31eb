"""Who turns the scheduler.

`virtual.VirtualDriver` jumps through time, `system.SystemDriver` keeps real time, `manual.ManualDriver` moves time
when it is told to.
"""
