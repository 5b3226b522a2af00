"""What the paper claims, in our words, by the question of its section V that it answers.

A further claim is an entry in the module of its question.
"""

from keras_attn.report.paper.questions import q1, q2, q3, q4, q5, q6, q7

CLAIMS = (*q1.CLAIMS, *q2.CLAIMS, *q3.CLAIMS, *q4.CLAIMS, *q5.CLAIMS, *q6.CLAIMS, *q7.CLAIMS)
"""All of them, in the order of the questions."""
