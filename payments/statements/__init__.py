"""Statements of the bank: read whole or not at all, each line once in the ledger, matched to orders."""
