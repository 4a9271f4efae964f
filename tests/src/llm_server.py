# Serves a model over HTTP on 127.0.0.1 until its parent is gone: llm_server.py FOLDER PORT CONTEXT SLOTS
# FOLDER is what deploy/install/llm-server.sh made; CONTEXT is in tokens, for each of the SLOTS.
import os
import sys
import time

folder, port, context, slots = sys.argv[1], *map(int, sys.argv[2:])
sys.path.insert(0, folder)
import xllamacpp  # noqa: E402

parent = os.getppid()
params = xllamacpp.CommonParams()
params.model.path = os.path.join(folder, "model.gguf")
params.model_alias = {"smollm2"}
params.hostnames = ["127.0.0.1"]
params.port = port
params.n_ctx = context * slots
params.n_parallel = slots
# Threads wait for each other in a busy loop: where cores are shared, two of them are ten times slower than one.
params.cpuparams.n_threads = 1
params.cpuparams_batch.n_threads = 1
# Without this it loops in nine answers of ten, of which the gate learns nothing.
params.sampling.dry_multiplier = 0.8
server = xllamacpp.Server(params)
while os.getppid() == parent:
    time.sleep(0.5)
# Its threads wait for requests and never end by themselves.
os._exit(0)
