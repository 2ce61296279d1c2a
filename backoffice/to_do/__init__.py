"""What waits for staff, in queues that empty: what is counted in the sidebar is exactly what a tab lists."""
