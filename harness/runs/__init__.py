"""What every run is made of: config, setup, device, the record's context, and where numbers were made.

Importing this package does not import torch.
"""
