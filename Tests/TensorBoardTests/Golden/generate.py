"""Writes events.golden, an event file by TensorBoard's own messages and record writer:

    pip install tensorboard==2.21.0
    python Tests/TensorBoardTests/Golden/generate.py

EventFileTests makes the same entries and holds its bytes to these. Maps are written in the order of their keys.
"""
import os, struct

import numpy as np
from google.protobuf import struct_pb2
from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, tensor_shape_pb2, types_pb2
from tensorboard.plugins.hparams import api_pb2, plugin_data_pb2
from tensorboard.summary.writer.record_writer import masked_crc32c

TIME = 1_700_000_000.25
PNG = bytes(range(256))


def summary(step, tag, time=TIME, **fields):
    value = summary_pb2.Summary.Value(tag=tag, **fields)
    return event_pb2.Event(wall_time=time + step, step=step, summary=summary_pb2.Summary(value=[value]))


def metadata(plugin, content=b""):
    data = summary_pb2.SummaryMetadata.PluginData(plugin_name=plugin, content=content)
    return summary_pb2.SummaryMetadata(plugin_data=data, data_class=summary_pb2.DATA_CLASS_TENSOR)


def shape(*sizes):
    return tensor_shape_pb2.TensorShapeProto(dim=[tensor_shape_pb2.TensorShapeProto.Dim(size=size) for size in sizes])


def text(step, tag, content):
    tensor = tensor_pb2.TensorProto(dtype=types_pb2.DT_STRING, tensor_shape=shape(1), string_val=[content.encode()])
    return summary(step, tag, tensor=tensor, metadata=metadata("text"))


def session(step, tag, **part):
    content = plugin_data_pb2.HParamsPluginData(**part).SerializeToString(deterministic=True)
    tensor = tensor_pb2.TensorProto(dtype=types_pb2.DT_FLOAT, tensor_shape=shape(1), float_val=[0.0])
    return summary(step, tag, tensor=tensor, metadata=metadata("hparams", content))


def histogram(step, tag, edges, counts):
    middles = [(low + high) / 2 for low, high in zip(edges, edges[1:])]
    filled = [i for i, count in enumerate(counts) if count]
    proto = summary_pb2.HistogramProto(
        min=edges[filled[0]] if filled else 0, max=edges[filled[-1] + 1] if filled else 0, num=sum(counts),
        sum=sum(n * x for n, x in zip(counts, middles)), sum_squares=sum(n * (x * x) for n, x in zip(counts, middles)),
        bucket_limit=edges[1:], bucket=counts)
    return summary(step, tag, histo=proto)


hparams = {"batchSize": struct_pb2.Value(number_value=100), "name": struct_pb2.Value(string_value="tiny"),
           "off": struct_pb2.Value(bool_value=False), "on": struct_pb2.Value(bool_value=True),
           "zero": struct_pb2.Value(number_value=0), "summary": struct_pb2.Value(string_value="")}
picture = summary_pb2.Summary.Image(height=3, width=5, colorspace=3, encoded_image_string=PNG)
events = [
    event_pb2.Event(wall_time=TIME, file_version="brain.Event:2"),
    event_pb2.Event(wall_time=TIME, session_log=event_pb2.SessionLog(status=event_pb2.SessionLog.START)),
    session(0, "_hparams_/session_start_info",
            session_start_info=plugin_data_pb2.SessionStartInfo(hparams=hparams, start_time_secs=TIME)),
    text(0, "recipe", "```yaml\nname: Größe\n```\n"),
    summary(0, "samples", image=picture),
    summary(300, "loss/discriminator", simple_value=np.float32(1.3862943611198906)),
    summary(300, "zero", simple_value=0.0),
    summary(300, "nan", simple_value=float("nan")),
    histogram(300, "outputs of D/real", [0.0, 0.25, 0.5, 0.75, 1.0], [0, 3, 200, 0]),
    histogram(300, "outputs of D/generated", [0.0, 0.5, 1.0], [0, 0]),
    summary(2**40, "far", simple_value=float("-inf")),
    session(2**40, "_hparams_/session_end_info",
            session_end_info=plugin_data_pb2.SessionEndInfo(status=api_pb2.STATUS_SUCCESS, end_time_secs=TIME + 2**40)),
]
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "events.golden"), "wb") as file:
    for event in events:
        data = event.SerializeToString(deterministic=True)
        length = struct.pack("<Q", len(data))
        file.write(length + struct.pack("<I", masked_crc32c(length)) + data + struct.pack("<I", masked_crc32c(data)))
