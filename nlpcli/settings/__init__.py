"""Every hyperparameter, written once: one module per family. Standard library only.

Fields of settings that meet in one command must have different names.
"""
