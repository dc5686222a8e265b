# For type checkers: __init__.py imports these two only when they are asked for.
from lstm_sentiment.estimator import TextClassifier as TextClassifier
from lstm_sentiment.prediction.classifier import load_model as load_model

__version__: str
__all__ = ['TextClassifier', 'load_model']
