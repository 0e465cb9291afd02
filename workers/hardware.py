"""What this machine has to compute with. A command of its own: it imports torch.

python -m workers.hardware
"""

import json
import os
from typing import Any

from ml.device import choose, device_facts, software_facts
from ml.registry import broken_plug_ins


def memory_bytes(device_type: str) -> int:
    """Of the GPU, or of the machine."""
    if device_type == "cuda":
        import torch

        return int(torch.cuda.get_device_properties(0).total_memory)
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def main() -> None:
    device = choose()
    facts = device_facts(device) | software_facts()
    own: dict[str, Any] = {"broken_methods": broken_plug_ins()}
    own |= {"cpu_count": os.cpu_count(), "memory_bytes": memory_bytes(device.type)}
    print(json.dumps(facts | own))


if __name__ == "__main__":
    main()
