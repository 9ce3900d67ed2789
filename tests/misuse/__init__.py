"""Programs that use aioxide as nobody should: whatever they do, the process survives."""
