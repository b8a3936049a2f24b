# The files of src/run.
