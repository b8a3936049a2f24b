# The unit tests of src/base.
