"""A small model as several GGUF files, split by the `gguf` package as llama.cpp splits large ones.

Reads src-main/models/testing/gguf/llama-q4_1.gguf (`gguf_models.py`) and writes beside it

    llama-q4_1-00001-of-00003.gguf …    the same metadata in the first part, the same tensors in all of them together
"""

from pathlib import Path

import gguf


FOLDER = Path(__file__).resolve().parents[2] / "src-main/models/testing/gguf"
TENSORS_OF_A_PART = 8


def main():
    reader = gguf.GGUFReader(FOLDER / "llama-q4_1.gguf")
    architecture = reader.fields["general.architecture"].contents()
    writer = gguf.GGUFWriter(FOLDER / "llama-q4_1.gguf", architecture, split_max_tensors=TENSORS_OF_A_PART)
    for field in reader.fields.values():
        if field.name == "general.architecture" or field.name.startswith("GGUF."):
            continue
        kind = field.types[0]
        writer.add_key_value(field.name, field.contents(), kind,
                             sub_type=field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


main()
