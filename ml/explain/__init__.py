"""Where scores come from: what a method can show of its reasons."""
