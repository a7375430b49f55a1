"""How the parts are put together: the command, the settings, one machine or many. May import everything."""
