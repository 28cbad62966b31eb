"""One replica's log: record batches, segments, indexes, producer state, leader epochs, retention."""
