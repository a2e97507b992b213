"""ONNX Runtime in Python, asked from outside: each line of standard input is a number of batches to run, each answer the seconds taken.

    python throughput.py MODEL THREADS BATCH HEIGHT WIDTH

All outputs of the graph are computed, one batch after the other, as a worker does.
"""

import sys
import time

import numpy as np
import onnxruntime

path, *numbers = sys.argv[1:]
threads, batch, height, width = map(int, numbers)
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = threads
options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
name = session.get_inputs()[0].name
image = (np.arange(batch * height * width, dtype=np.int64) % 256).astype(np.float32)
image = image.reshape(batch, 1, height, width)

print(onnxruntime.__version__, flush=True)
for line in sys.stdin:
    from_ = time.perf_counter()
    for _ in range(int(line)):
        session.run(None, {name: image})
    print(time.perf_counter() - from_, flush=True)
