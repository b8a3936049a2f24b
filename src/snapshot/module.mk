# The files of src/snapshot.
