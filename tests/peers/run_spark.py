"""Run a query over rows in Spark on this machine; run by the Python of the environment `spark`.

Usage: run_spark.py given.json answer.json
"""

import json
import sys
from datetime import UTC, date, datetime, timedelta

from pyspark.sql import SparkSession
from pyspark.sql import types as spark_types

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
KINDS = {
    "double": (spark_types.DoubleType, float),
    "bigint": (spark_types.LongType, int),
    "text": (spark_types.StringType, str),
    "timestamp": (spark_types.TimestampType, lambda micros: EPOCH + timedelta(microseconds=micros)),
    "date": (spark_types.DateType, date.fromisoformat),
}


def main(given_path, answer_path):
    with open(given_path, encoding="utf-8") as file:
        given = json.load(file)
    table = given["rows"]
    spark = (
        SparkSession.builder.master("local[1]")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.log.level", "ERROR")
        .getOrCreate()
    )
    fields = [spark_types.StructField(name, KINDS[kind][0]()) for name, kind in table["columns"].items()]
    readers = [KINDS[kind][1] for kind in table["columns"].values()]
    values = [
        [None if value is None else read(value) for value, read in zip(row, readers, strict=True)]
        for row in table["rows"]
    ]
    spark.createDataFrame(values, spark_types.StructType(fields)).createOrReplaceTempView("applicants")
    answers = [row.asDict() for row in spark.sql(given["text"]).collect()]
    with open(answer_path, "w", encoding="utf-8") as file:
        json.dump(answers, file)
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
