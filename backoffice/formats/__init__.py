"""Dates and numbers as Mexico writes them, where Django's Spanish follows Spain."""
