# The unit tests of src/balance.
