"""What a program has done a hundred times leaves nothing behind."""
