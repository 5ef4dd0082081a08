"""Names to build people from. Ordinary ones, of several countries."""

from __future__ import annotations

FIRST = (
    "Aaron", "Adela", "Agnes", "Ahmed", "Aisha", "Alice", "Amara", "Amir", "Andrea", "Anita",
    "Anton", "Arjun", "Astrid", "Barbara", "Beatrice", "Bjorn", "Boris", "Brigitte", "Camille",
    "Carlos", "Catherine", "Chiara", "Christopher", "Clara", "Colin", "Daniel", "Daria", "David",
    "Deborah", "Diego", "Dorothy", "Edward", "Elena", "Elif", "Emily", "Emre", "Erik", "Esther",
    "Fatima", "Felix", "Fiona", "Francesca", "Frederick", "Gabriel", "Geoffrey", "Grace",
    "Hannah", "Harriet", "Hassan", "Helen", "Henrik", "Ibrahim", "Ingrid", "Irene", "Isabel",
    "Jacob", "James", "Jana", "Joanna", "Jonas", "Joseph", "Judith", "Julia", "Kamal", "Katarina",
    "Keith", "Kenji", "Laila", "Laura", "Leon", "Leila", "Liam", "Linda", "Lucas", "Magdalena",
    "Malcolm", "Marco", "Margaret", "Maria", "Martin", "Matteo", "Mehmet", "Mei", "Michael",
    "Mina", "Monica", "Nadia", "Nathan", "Neil", "Nicholas", "Nina", "Noor", "Oliver", "Olga",
    "Oscar", "Patricia", "Paul", "Pedro", "Peter", "Philippa", "Piotr", "Priya", "Rachel",
    "Rafael", "Rebecca", "Richard", "Robert", "Rosa", "Ruth", "Samuel", "Sandra", "Sanjay",
    "Sarah", "Sebastian", "Simon", "Sofia", "Stefan", "Susan", "Svetlana", "Teresa", "Thomas",
    "Timothy", "Tobias", "Ursula", "Valerie", "Victor", "Vikram", "Walter", "Wei", "William",
    "Yasmin", "Yusuf", "Zoe",
)  # fmt: skip

LAST = (
    "Abbott", "Adeyemi", "Ahlberg", "Aldridge", "Alvarez", "Andersen", "Appleby", "Arslan",
    "Ashworth", "Bakker", "Banerjee", "Barlow", "Becker", "Bellamy", "Berg", "Bianchi",
    "Blackwood", "Bosch", "Brandt", "Brennan", "Calloway", "Campbell", "Castillo", "Chandra",
    "Chowdhury", "Clarke", "Conti", "Crawford", "Dahl", "Dalton", "Davies", "Delgado", "Desai",
    "Dietrich", "Donnelly", "Douglas", "Dubois", "Eklund", "Ellison", "Esposito", "Evans",
    "Farrow", "Fischer", "Fleming", "Fontaine", "Forster", "Gallagher", "Garcia", "Gibson",
    "Goldberg", "Grant", "Greco", "Gupta", "Haddad", "Hagen", "Hargreaves", "Harper", "Hassan",
    "Haugen", "Hoffmann", "Holloway", "Horvath", "Hughes", "Ito", "Jansen", "Jensen", "Joshi",
    "Kaplan", "Kaur", "Keller", "Kelly", "Khan", "Kimura", "Kowalski", "Krause", "Laine",
    "Lambert", "Larsson", "Lindgren", "Lombardi", "Lowe", "Mackenzie", "Mahmood", "Malik",
    "Marchetti", "Mehta", "Meier", "Mendes", "Mitchell", "Moreau", "Murray", "Nakamura", "Nguyen",
    "Novak", "Nowak", "Okafor", "Olsen", "Osborne", "Page", "Patel", "Pearce", "Pereira",
    "Petersen", "Pham", "Pritchard", "Quinn", "Ramirez", "Rao", "Richter", "Rossi", "Rousseau",
    "Sato", "Schmidt", "Sharma", "Silva", "Sinclair", "Sokolov", "Stewart", "Sutherland",
    "Svensson", "Tanaka", "Thornton", "Tran", "Underwood", "Varga", "Vasquez", "Vogel", "Walker",
    "Weber", "Whitfield", "Wilkins", "Winter", "Wright", "Yamada", "Yilmaz", "Young",
    "Zimmermann",
)  # fmt: skip
