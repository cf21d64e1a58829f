"""Networks: what training them needs beside the networks themselves (`nets/`)."""
