# Every target is a script that also runs by hand. ARGS goes to it: make demo ARGS=--exit
.PHONY: demo test check ablation up

demo:
	@scripts/demo $(ARGS)

test:
	@scripts/test $(ARGS)

check:
	@scripts/check $(ARGS)

ablation:
	@scripts/ablation $(ARGS)

up:
	@scripts/up $(ARGS)
