# Every target is a script that also runs by hand. ARGS goes to it: make demo ARGS=--exit
.PHONY: demo test coverage check ablation up

demo:
	@scripts/demo $(ARGS)

test:
	@scripts/test $(ARGS)

coverage:
	@scripts/coverage $(ARGS)

check:
	@scripts/check $(ARGS)

ablation:
	@scripts/ablation $(ARGS)

up:
	@scripts/up $(ARGS)
