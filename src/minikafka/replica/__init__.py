"""Replicas of partitions: leaders, followers, ISR and high watermark, and who waits for them."""
