"""Score rows by a PMML document in PMML4S; run by the Python of the environment `pmml`.

Usage: evaluate_pmml.py given.json answer.json
"""

import json
import sys

from pypmml import Model, PMMLContext


def main(given_path, answer_path):
    with open(given_path, encoding="utf-8") as file:
        given = json.load(file)
    model = Model.fromString(given["text"])
    if (model.version, model.modelElement) != ("4.4", "Scorecard"):
        raise ValueError(f"expected a Scorecard of PMML 4.4, got {model.modelElement} {model.version}")
    answers = [answer(model, record) for record in given["rows"]]
    with open(answer_path, "w", encoding="utf-8") as file:
        json.dump(answers, file)
    PMMLContext.shutdown()


def answer(model, record):
    try:
        return dict(model.predict(record))
    except Exception as error:  # the evaluator gives no score by throwing whatever it met
        return {"refused": str(error).splitlines()[1]}


if __name__ == "__main__":
    main(*sys.argv[1:])
