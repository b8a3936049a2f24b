# The unit tests of src/conf.
