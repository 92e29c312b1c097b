# Tests of the sentence matcher.
