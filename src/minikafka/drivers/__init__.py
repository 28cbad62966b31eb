"""Who turns the scheduler: `virtual.VirtualDriver` jumps through time, `system.SystemDriver` keeps real."""
