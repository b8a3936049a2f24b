# The unit tests of src/snapshot.
