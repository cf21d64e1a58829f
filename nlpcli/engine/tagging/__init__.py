"""What tags the words of a sentence without torch: labels, features, the averaged perceptron."""
