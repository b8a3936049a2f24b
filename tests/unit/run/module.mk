# The unit tests of src/run.
