# The files of src/control.
