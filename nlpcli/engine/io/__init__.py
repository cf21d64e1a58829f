"""Files in and out: lines of text, character sets, records, whole-or-nothing outputs, the model file."""
