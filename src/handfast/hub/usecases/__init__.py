"""What the hub does, one file per verb. Routes and the bus call these; they hold the rules."""
