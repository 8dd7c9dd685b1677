"""What a user reads off the sheets in LibreOffice: every digit, every sign, no ####."""

import subprocess

import pytest
from shared_books import no_surfaces

from sheetgen.spreadsheet.engines.libreoffice import converted_all
from sheetgen.template import template
from sheetgen.workbook.build import build_workbook
from sheetgen.workbook.plan import Plan

pytestmark = pytest.mark.usefixtures("renderer")

SINGLE_PAGES = 'pdf:calc_pdf_Export:{"SinglePageSheets":{"type":"boolean","value":"true"}}'


CHOSEN = {
    "large": template.parse(
        template.load("era-v1").source.replace("0.01, 0.99", "250000.0, -31000.0")
    ).with_training([0.5], 3),
    "ordinary": template.load("era-v1").with_training([0.5, 2.0], 5),
}


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """The words on the pages of each template's workbook."""
    folder, words = tmp_path_factory.mktemp("shown"), {}
    paths = {name: folder / f"{name}.xlsx" for name in CHOSEN}
    with no_surfaces():
        for name, path in paths.items():
            build_workbook(CHOSEN[name], path)
    with converted_all(list(paths.values()), SINGLE_PAGES) as documents:
        for name, document in zip(paths, documents, strict=True):
            command = ["pdftotext", "-layout", str(document), "-"]
            pages = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            words[name] = pages.split()
    return words


def test_a_negative_gradient_has_its_minus_sign(shown):
    gradients = Plan.of(CHOSEN["ordinary"]).start.back.weight_gradients[-1]
    assert (gradients[1] < 0).all()
    for gradient in gradients.ravel():
        assert f"{gradient:.9f}" in shown["ordinary"]
        assert gradient > 0 or f"{-gradient:.9f}" not in shown["ordinary"]


def test_large_numbers_fit_their_cells(shown):
    words = shown["large"]
    assert not [word for word in words if "##" in word]
    assert "2.500E+05" in words
    assert "-3.100E+04" in words


def test_ordinary_workbooks_have_no_cell_that_is_too_narrow(shown):
    assert not [word for word in shown["ordinary"] if "##" in word]
