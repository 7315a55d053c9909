"""Networks scored by many processes, a few to a file: shards, the team that measures them, and its workers.

Importing this package does not import torch.
"""
