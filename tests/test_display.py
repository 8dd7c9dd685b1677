"""What a person reads off the sheets in LibreOffice: every digit, every sign, no ####."""

import subprocess

import pytest

from sheetgen.spreadsheet.engines.libreoffice import converted
from sheetgen.template import template
from sheetgen.workbook.build import build_workbook
from sheetgen.workbook.plan import Plan

pytestmark = pytest.mark.usefixtures("renderer")

SINGLE_PAGES = 'pdf:calc_pdf_Export:{"SinglePageSheets":{"type":"boolean","value":"true"}}'


@pytest.fixture
def shown(tmp_path):
    """A function that builds a template's workbook and returns the texts on its pages."""

    def read(chosen):
        path = tmp_path / "shown.xlsx"
        build_workbook(chosen, path)
        with converted(path, SINGLE_PAGES) as document:
            command = ["pdftotext", "-layout", str(document), "-"]
            pages = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return pages.split()

    return read


def test_a_negative_gradient_has_its_minus_sign(shown):
    chosen = template.load("era-v1").with_training([0.5], 2)
    words = shown(chosen)
    gradients = Plan.of(chosen).start_gradients.weight_gradients[-1]
    assert (gradients[1] < 0).all()
    for gradient in gradients.ravel():
        assert f"{gradient:.9f}" in words
        assert gradient > 0 or f"{-gradient:.9f}" not in words


def test_large_numbers_fit_their_cells(shown):
    text = template.load("era-v1").source.replace("0.01, 0.99", "250000.0, -31000.0")
    words = shown(template.parse(text).with_training([0.5], 3))
    assert not [word for word in words if "##" in word]
    assert "2.500E+05" in words
    assert "-3.100E+04" in words


def test_ordinary_workbooks_have_no_cell_that_is_too_narrow(shown):
    assert not [word for word in shown(template.load("era-v2")) if "##" in word]
