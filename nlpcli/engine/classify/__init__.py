"""Text classifiers: Naive Bayes and NB-SVM, from labelled texts to explanations."""
