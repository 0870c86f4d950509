"""Calls as Enswitch tells of them: ids, sides, fields, and who is told of what happens."""
