"""`trellis doctor`: proves that nothing was lost between landing files and publication."""
