"""What the forms of a plan that can be run have in common, the scripts for sh and the program in Python.

A script is made of templates. Each step has the template of its kind (PlannedStep.kind), in which words in
capitals are filled in; before the first step come the functions that the script calls.
"""
import re

from .form_http import opening_comments, require_script, secret_variables, step_comment


def fill_template(template, values):
    """The lines (str) of `template`, the names in it replaced by their `values`.

    A value is a str, or a function that is given how far the name is indented (int) → str.
    """
    def fill(match):
        value = values[match.group(2)]
        return match.group(1) + (value if isinstance(value, str) else value(len(match.group(1))))

    return re.sub(r"(?m)((?:^ +)?)\b(%s)\b" % "|".join(values), fill, template.strip("\n")).split("\n")


class PlanScript:
    """A plan as a script. A subclass has `templates`, kind of step → template, and these methods:

        values(step)              what is filled into a template for `step`
        begin(step, printing)     the lines that send `step`, then `printing`, lines that print
        end_of_background(step)   the lines that read the rest of the answer of a step in the background
        print_lines(data)         the lines that print `data` (bytes)
        opening(lines)            the lines before `lines`, those of the steps
    """

    form = indent = ""
    sends_files = True   # whether a body may come from stdin or a file
    first_line = ""
    about = ()       # comment lines that say what the script does (str)
    templates = {}
    functions = ()   # (name, template of the function), each after those that it calls

    def __init__(self, plan):
        require_script(plan, self.form, self.sends_files)
        self.plan = plan
        self.failure = "125" if plan.command == "run" else "1"
        self.comments = [self.first_line] + opening_comments(plan, self.about)
        self.secrets = secret_variables(plan)

    def script(self):
        """The whole script (bytes)."""
        lines = []
        for at, (kind, step) in enumerate(self.plan.events):
            printing = self.print_lines(self.plan.printed_after(at))
            if kind == "begin":
                comment = step_comment(step)
                lines += [self.indent + comment] if step.only_if_missing else ["", comment]
                lines += self.begin(step, printing)
            elif kind == "end" and step.background:
                lines += self.end_of_background(step) + printing
        lines += self.closing()
        return ("\n".join(self.opening(lines) + lines) + "\n").encode("utf-8", "surrogateescape")

    def filled(self, name, step, **more):
        """The lines of the template `name` for `step`."""
        return fill_template(self.templates[name], dict(self.values(step), **more))

    def needed_functions(self, lines):
        """The functions that `lines` call, and those that these call: their lines."""
        found = []
        for name, template in reversed(self.functions):
            if re.search(r"\b%s\b" % name, "\n".join(lines + found)):
                found = [""] + fill_template(template, self.values(None)) + found
        return found

    @property
    def created_variable(self):
        """The variable for the id of the container that is created, perhaps in the second attempt."""
        return next((one.variable for one in self.plan.steps if one.missing), None)
