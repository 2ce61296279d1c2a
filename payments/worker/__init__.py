"""What keeps the engine going: what is due, who works on it, and what must hold before a process moves money."""
